"""From the world to the twin: messages and files become readings and entities."""
