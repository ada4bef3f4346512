#!/bin/sh
# Makes the keys and passwords that docker-compose.yml hands to its containers, in the folder secrets/.
# What is there already stays. The folder is yours alone; the files in it can be read by the containers' users.
set -eu
umask 022
folder=${SECRETS:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
for name in api_auth_key postgres_password grafana_password; do
    if [ ! -s "$folder/$name" ]; then
        head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
        echo "made $folder/$name"
    fi
done
