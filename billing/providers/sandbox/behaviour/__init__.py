"""What Stripe does with its objects, beyond storing them."""
