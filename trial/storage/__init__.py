"""Where kept files lie: in a folder, and where several hosts share none, on S3-compatible storage as well."""
