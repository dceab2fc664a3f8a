"""How a till proves who it is: a signed challenge, a session token whose life is head office's clock's alone, and noticing that HQ was restored."""
