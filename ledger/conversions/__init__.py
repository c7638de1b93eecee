"""Merchants' money: conversions into euros, paper coupons, payments from merchant to merchant, statements."""
