"""A CQL2 filter and a mapping make the narrowest scene filter that loses no scene."""
