"""From trades and transfers to positions: round trips by episode, or first in, first out."""
