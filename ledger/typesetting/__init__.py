"""Papers: a template and plain data become a PDF that archives keep, screen readers read and machines reproduce."""
