"""Reports as pages, which each format renders."""
