"""Cards: what carries the QR code, on paper or on a phone; how a code is verified; how wrong codes are throttled."""
