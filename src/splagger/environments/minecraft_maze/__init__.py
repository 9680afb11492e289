"""The Minecraft mazes."""
