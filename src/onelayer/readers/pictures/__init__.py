"""Files of pictures and folders of them become uint8 arrays, with what was left out and why."""
