"""The screen: the app wires, the screens arrange, the widgets draw."""
