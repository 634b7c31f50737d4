"""What every service stands on: problems, text, time, tables of text, configuration."""
