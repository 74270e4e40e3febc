"""From the twin to the picture: one module per page, pure views in ``parts``."""
