"""Where notifications go: an MQTT topic, a webhook, the robots of WeCom and DingTalk, a file. See docs/outlets.md."""
