"""The core of Bonpois: knows accounting and aid, knows no HTTP and no terminal."""
