"""What a stack tells others about itself."""
