"""The wallet: the page on a household's telephone that shows the code to pay with; and the guest's page."""
