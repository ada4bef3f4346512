"""Search: what was found in photos and documents, by their text and by what they show."""
