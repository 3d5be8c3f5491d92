"""The door: a WeChat official account (公众号).

router    `/channels/wechat`: the URL check and the messages, plain and AES
deliver   sends a notice by customer-service message

Protocol: https://developers.weixin.qq.com/doc/offiaccount/ (接入指南, 接收普通消息, 被动回复, 消息加解密, 客服消息).
"""

from channels.wechat.delivery import deliver
from channels.wechat.endpoints import router

__all__ = ["deliver", "router"]
