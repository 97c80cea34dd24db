"""Pages: a hosted checkout for customers, and a desk from which the sandbox is watched and its clock moved."""
