"""What the integration tests share: the program under test, real peers, and waiting for conditions."""
