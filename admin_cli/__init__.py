"""The door for those who run the aid: `bonpois NOUN VERB` in a terminal. README.md is the manual."""
