"""One invented community, generated: entities, devices and a day-to-day life."""
