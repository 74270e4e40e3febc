"""Where people are: now, by hour, and tomorrow. How each number is found, and how far it can be trusted, is declared."""
