/** placeholder, replaced below */
