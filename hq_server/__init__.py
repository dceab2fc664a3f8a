"""Head office: takes in what the tills did, keeps the members' wallets, feeds every store's replica, and shows it all on its pages."""
