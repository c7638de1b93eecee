"""Read by number. A file that was released is never edited: a correction is the next number."""
