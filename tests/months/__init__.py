"""Random months as the real parties tell them, with the truth beside; knows nothing of the product.

`pois_month` and `reserve_month` make one from a seed; `writers` puts it into a file of any form.
"""
