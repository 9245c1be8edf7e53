"""What is kept between runs: mean activations, by the content of what they were computed from."""
