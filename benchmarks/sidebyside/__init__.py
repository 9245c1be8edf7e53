"""What benchmarks/quality.py is made of: painting by each method, judging all alike, table and figures."""
