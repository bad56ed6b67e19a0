"""The same people, diary and entry rule with nothing given: what they would have shown, and how sure."""
