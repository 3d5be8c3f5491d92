"""Floor 5: the doors. Each turns its wire format into a `Turn` and replies back; `deliver` sends notices out.

web     citizen pages and the public HTTP interface
wechat  WeChat official account
voice   telephone through Twilio
email   the mailbox
open311 GeoReport v2, for apps that report and follow matters

attachments.open_file   a citizen's photo, for whoever may see the ticket it belongs to
"""
