"""What the service tells about itself: each route says what it answers, and the document and page are made of that."""
