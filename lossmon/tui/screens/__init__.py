"""The screens: they arrange widgets and own what is selected."""
