"""What other programs may read: REST v1, by token, each reading with its event in the trail."""
