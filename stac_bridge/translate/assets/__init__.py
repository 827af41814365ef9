"""The assets of an Item: templates from the mapping, file names, addresses."""
