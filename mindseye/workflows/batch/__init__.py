"""Many runs: plan, ledger, workers, executors."""
