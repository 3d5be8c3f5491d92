"""The door: wechat."""
