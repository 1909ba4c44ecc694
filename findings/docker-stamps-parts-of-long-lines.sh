#!/usr/bin/env bash
# Docker 20.10.24: `docker logs --timestamps` puts a stamp into the middle of a line at every 16,384 bytes, each the same; a bar without a line end is not shown before 16 kB of it are there.
set -euo pipefail
dir=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon" || true; }; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 \
  runc=1.1.5+ds1-1+deb12u1 busybox-static=1:1.35.0-4+deb12u1+b1 > log.txt 2>&1
for package in *.deb; do dpkg -x "$package" apart; done
PATH="$dir/apart/usr/bin:$dir/apart/usr/sbin:$PATH"
export DOCKER_HOST="unix://$dir/docker.sock"
dockerd --data-root "$dir/data" --exec-root "$dir/x" -p "$dir/pid" -H "$DOCKER_HOST" --bridge none --iptables=false \
  --ip6tables=false --ip-masq=false --storage-driver vfs > dockerd.txt 2>&1 &
daemon=$!
for _ in $(seq 100); do docker version > version.txt 2>&1 && break; sleep 0.2; done
docker version --format 'docker {{.Server.Version}}'
mkdir -p root/bin
cp apart/bin/busybox root/bin/
ln -s busybox root/bin/sh
tar -C root -c . | docker import - boxy > /dev/null
run() { docker run --network none --ulimit nofile=1024 "$@"; }
run --name long boxy sh -c 'busybox head -c 40000 /dev/zero | busybox tr "\0" x; echo' > /dev/null
docker logs --timestamps long > long.txt
echo "lines: $(wc -l < long.txt), stamps in them: $(grep -o '[0-9-]*T[0-9:.]*Z ' long.txt | wc -l)"
grep -o '[0-9-]*T[0-9:.]*Z ' long.txt | sort -u
[ "$(wc -l < long.txt)" = 1 ] && [ "$(grep -o 'Z x' long.txt | wc -l)" = 3 ]
run --detach --name bar boxy sh -c 'printf "\r10%%"; busybox sleep 2; printf "\r20%%\n"' > /dev/null
sleep 1
echo "of a bar after a second: $(docker logs bar | wc -c) bytes"
[ "$(docker logs bar | wc -c)" = 0 ]
docker rm -f bar long > /dev/null
