"""AWS's quotas of templates and of the resources in them: what they are, what is measured, and who exceeds them."""
