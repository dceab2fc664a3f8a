"""What is kept of members' balances for tills: holds for one payment, leases for spending offline, recalls, and what closes them (L5, L6, H1-H5, H9)."""
