"""A conversation as a file to keep: Markdown, PDF, DOCX. No database, no web."""
