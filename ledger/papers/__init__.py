"""What is printed and handed over: cards, the letters with their PINs, a merchant's welcome."""
