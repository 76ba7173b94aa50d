"""What a history says: one task, the states of all, times, failures, and the timeline of engines."""
