"""The technologies behind the ports, each in a folder of its own, and the settings that choose among them."""
