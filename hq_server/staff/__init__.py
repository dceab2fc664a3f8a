"""People who work the system: till staff with a PIN verifier a store, console users with a password."""
