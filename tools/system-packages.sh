#!/usr/bin/env bash
# Installs the Debian packages the tests need and this machine lacks: a browser, Chinese fonts, a real MQTT broker.
set -euo pipefail
missing=()
command -v chromium > /dev/null || missing+=(chromium)
# Without a CJK font every Chinese label is a row of boxes, and pixel checks check boxes.
fc-list :lang=zh 2> /dev/null | grep -q . || missing+=(fonts-noto-cjk)
command -v mosquitto > /dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
command -v mosquitto_pub > /dev/null || missing+=(mosquitto-clients)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "The tests need these system packages: ${missing[*]}"
if ! command -v apt-get > /dev/null; then
    echo "This system has no apt-get; install them with its own package manager, then run make test again." >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    # -n: never wait for a password nobody will type.
    if ! command -v sudo > /dev/null || ! sudo -n true 2> /dev/null; then
        echo "Installing them needs root. Run: apt-get install ${missing[*]}   then make test again." >&2
        exit 1
    fi
    as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq < /dev/null
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" < /dev/null > /dev/null
