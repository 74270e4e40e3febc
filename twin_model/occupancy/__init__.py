"""Where people are: now, by hour, tomorrow; with how each number was found and how far it can be trusted."""
