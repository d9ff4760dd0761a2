"""Days of a store filled from those who have them: what it lacks is asked for, and certified anew."""
