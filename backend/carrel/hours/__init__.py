"""When and where the library serves: sites, service points, opening hours, closed days."""
