# Sourced by bin/setup and bin/lock: hands what pip is configured with over to uv.
#
# A private index is usually configured for pip (pip.conf, PIP_* variables), and uv reads neither.
# Nothing here names a host: what pip would use is read from pip itself, and a UV_* variable that
# is already set wins.

# Prints the value that `pip install` would use for option $2, read from the output of
# `pip config list` in $1. The environment wins over [install], which wins over [global].
pip_option() {
  local section line value
  for section in ":env:" install global; do
    while IFS= read -r line; do
      if [[ $line == "$section.$2="* ]]; then
        value=${line#*=}
        value=${value:1:${#value}-2}  # printed as a Python literal: drop the quotes
        value=${value//\\n/ }         # a list over several lines of pip.conf
        read -r -a words <<<"$value"  # pip separates lists by any white space
        printf '%s\n' "${words[*]-}"
        return
      fi
    done <<<"$1"
  done
}

# Exports variable $1 as $2, unless it is set already or $2 is empty.
export_unless_set() {
  if [[ -n $2 && -z ${!1-} ]]; then
    export "$1=$2"
  fi
}

# Exports the UV_* counterparts of what the pip of interpreter $1 is configured with. With `whole`
# as $2, leaves out what only adds files to the main index.
export_uv_settings() {
  local config
  config=$("$1" -m pip --disable-pip-version-check config list 2>/dev/null) || return 0
  export_unless_set UV_DEFAULT_INDEX "$(pip_option "$config" index-url)"
  if [[ ${2-} != whole ]]; then
    local find_links
    find_links=$(pip_option "$config" find-links)
    export_unless_set UV_INDEX "$(pip_option "$config" extra-index-url)"
    export_unless_set UV_FIND_LINKS "${find_links// /,}"
    case $(pip_option "$config" no-index) in
      1 | [Tt]rue | yes | on) export_unless_set UV_NO_INDEX 1 ;;
    esac
  fi
  export_unless_set UV_INSECURE_HOST "$(pip_option "$config" trusted-host)"
  export_unless_set SSL_CERT_FILE "$(pip_option "$config" cert)"
  export_unless_set SSL_CLIENT_CERT "$(pip_option "$config" client-cert)"
  export_unless_set ALL_PROXY "$(pip_option "$config" proxy)"
  export_unless_set UV_HTTP_TIMEOUT "$(pip_option "$config" default-timeout)"
  export_unless_set UV_HTTP_TIMEOUT "$(pip_option "$config" timeout)"
}
