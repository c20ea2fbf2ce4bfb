"""The stages: each decides its part of the recipe from a view, and adds its operation to the render plan."""
